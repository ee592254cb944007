"""When everything is down a caller still gets the answer to a request like its own, also after a restart; and nothing
of it is on disk unless that was chosen. Real processes, real sockets.
"""

import http.client
import json
from contextlib import closing

import pytest
from upstream import Upstream, completion

CANARY = "canary-4711"


class Embedding(Upstream):
    """A provider: `down` fails every chat; vectors are at cosine 0.94 to the first."""

    def __init__(self):
        self.down = False
        self.embedded = []
        super().__init__()

    def answer(self, asked):
        if asked.path.endswith("/embeddings"):
            asked.end(self._vectors(asked.body["input"]))
        elif self.down:
            asked.end({"error": {"message": "down"}}, 500)
        else:
            asked.end(completion(f"{CANARY}: switch it on"))

    def _vectors(self, texts):
        self.embedded.append(texts)
        vectors = [[1.0, 0.0], *([[0.94, (1 - 0.94**2) ** 0.5]] * (len(texts) - 1))]
        data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
        return {"object": "list", "model": "e", "data": data, "usage": {"prompt_tokens": 9, "total_tokens": 9}}


@pytest.fixture
def upstream():
    with Embedding() as found:
        yield found


@pytest.fixture
def config(new_home, upstream):
    def write(*, content):
        path = new_home.folder / "hotspare.toml"
        path.write_text(
            '[gateway]\nname = "prod"\nport = 0\n'
            f'[store]\npath = "prod.db"\ncontent = {"true" if content else "false"}\n'
            "[limits]\nretries = 0\n"
            f'[providers.box]\ndialect = "openai"\nbase_url = "{upstream.url}"\n'
            '[[models]]\nname = "big"\nprovider = "box"\n[[models]]\nname = "embed"\nprovider = "box"\n'
            '[chains.main]\nmodels = ["big"]\nemergency_cache = true\nemergency_cache_embeddings = "vectors"\n'
            '[chains.vectors]\nmodels = ["embed"]\nkind = "embeddings"\n'
        )
        return str(path)

    return write


def ask(listen, text):
    body = json.dumps({"model": "main", "messages": [{"role": "user", "content": text}]})
    with closing(http.client.HTTPConnection(listen, timeout=20)) as connection:
        connection.request("POST", "/v1/chat/completions", body, {"content-type": "application/json"})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), json.loads(response.read())


ASKED, REWORDED = f"How do I enable {CANARY}?", f"What's the way to turn on {CANARY}?"


def test_a_similar_answer_survives_a_restart_where_prompts_are_kept(new_home, config, upstream):
    path = config(content=True)
    with new_home.running("serve", "--config", path) as process:
        assert ask(new_home.until_it_runs()["listen"], ASKED)[0] == 200
        process.terminate()
        process.wait(20)
    upstream.down = True
    with new_home.running("serve", "--config", path):
        listen = new_home.until_it_runs()["listen"]
        status, headers, body = new_home.until(lambda: (found := ask(listen, REWORDED))[0] == 200 and found)
        assert status == 200
        assert body["choices"][0]["message"]["content"] == f"{CANARY}: switch it on"
        assert (headers["x-hotspare-source"], headers["x-hotspare-notice"]) == ("cache", "cached")
        assert headers["x-hotspare-cache-similarity"] == "0.940"
        assert int(headers["x-hotspare-cache-age"]) >= 0
        assert upstream.embedded[-1] == [REWORDED, ASKED]
        trace = new_home.hotspare("explain", headers["x-hotspare-request-id"]).out
        assert "to a similar request (similarity 0.940)." in trace
        assert ask(listen, f"How do I disable {CANARY}?")[0] == 503


def test_without_content_nothing_of_it_is_ever_on_disk(new_home, config, upstream):
    path = config(content=False)
    with new_home.running("serve", "--config", path):
        listen = new_home.until_it_runs()["listen"]
        ask(listen, ASKED)
        upstream.down = True
        assert ask(listen, REWORDED)[0] == 200
        new_home.until_it_runs(requests=2)
        kept = [each for each in new_home.folder.rglob("*") if each.is_file()]
        assert any(each.name.startswith("prod.db") for each in kept)
        assert [each for each in kept if CANARY.encode() in each.read_bytes()] == []
