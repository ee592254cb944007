import msgspec
import pytest

from hotspare.dialects import openai_chat
from hotspare.router.settings import Chain, Limits, Task

MODELS = ("claude", "gpt", "haiku")
LIMITS = dict.fromkeys(MODELS, Limits())


@pytest.fixture
def task_of(make_bench):
    tasks = (
        Task("gpt", LIMITS, header="x-task", equals="simple"),
        Task("gpt", LIMITS, metadata="work", equals="research"),
        Task("haiku", LIMITS, prompt_tokens_below=50),
    )
    bench = make_bench(chain=Chain("main", MODELS, LIMITS, strategy="task", tasks=tasks))

    def task_of(model="main", headers=None, metadata=None, text="x" * 200):
        body = {"model": model, "messages": [{"role": "user", "content": text}]}
        if metadata is not None:
            body["metadata"] = metadata
        call = openai_chat.read_request(msgspec.json.encode(body), headers or {})
        return bench.engine.admit(call, caller="shop").task

    return task_of


def test_the_first_rule_that_fits_holds(task_of):
    assert task_of(headers={"x-task": "simple"}, metadata={"work": "research"}) == 0
    assert task_of(headers={"x-task": "other"}, metadata={"work": "research"}) == 1
    assert task_of(metadata={"work": "other"}) is None


@pytest.mark.parametrize("metadata", ["research", ["work"], None, {"work": 1}, {"work": {"research": 1}}])
def test_metadata_that_is_otherwise_fits_no_rule(task_of, metadata):
    assert task_of(metadata=metadata) is None


def test_short_prompts_are_told_by_the_size_of_the_body(task_of):
    around = len('{"model":"main","messages":[{"role":"user","content":""}]}')
    assert task_of(text="x" * (199 - around)) == 2
    assert task_of(text="x" * (200 - around)) is None, "200 bytes are 50 tokens, which is not below 50"


def test_a_request_that_names_a_model_starts_there(task_of):
    assert task_of(model="haiku", headers={"x-task": "simple"}) is None
