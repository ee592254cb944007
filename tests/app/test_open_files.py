import resource

import pytest

from hotspare.app import open_files


@pytest.fixture
def limit():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda soft: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_few_open_files_become_many(limit):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit(256)
    wanted = open_files.MOST if hard == resource.RLIM_INFINITY else min(hard, open_files.MOST)
    assert open_files.allow_many() == wanted == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert wanted > 256


def test_more_than_that_is_left_alone(limit, monkeypatch):
    limit(300)
    monkeypatch.setattr(open_files, "MOST", 200)
    assert open_files.allow_many() == 300
