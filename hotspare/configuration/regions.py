"""A chain's regions: the primary's job served from elsewhere, as models of their own behind the primary."""

from dataclasses import replace

from hotspare.configuration.draft import Draft
from hotspare.configuration.model import ChainKeys, ModelKeys, RegionKeys


def with_regions(draft: Draft) -> Draft:
    """The draft in which every region is a model, named PRIMARY@REGION, between the primary and its fallbacks."""
    chains: dict[str, ChainKeys] = draft.file.peek("chains")
    if not any(chain.peek("regions") for chain in chains.values()):
        return draft
    models: list[ModelKeys] = list(draft.file.peek("models"))
    known = {model.peek("name"): model for model in models}
    expanded = dict(chains)
    for name, chain in chains.items():
        primary, *fallbacks = chain.models
        elsewhere = [_regional(known[primary], region) for region in chain.regions]
        models += [model for model in elsewhere if model.peek("name") not in known]
        known |= {model.peek("name"): model for model in elsewhere}
        order = [primary, *(model.peek("name") for model in elsewhere), *fallbacks]
        expanded[name] = chain.model_copy(update={"models": order})
    return replace(draft, file=draft.file.model_copy(update={"models": models, "chains": expanded}))


def _regional(primary: ModelKeys, region: RegionKeys) -> ModelKeys:
    own = {
        "name": f"{primary.name}@{region.name}",
        "model": region.model or primary.model or primary.name,
        "base_url": region.base_url or primary.base_url,
    }
    return primary.model_copy(update=own)
