"""An installation belongs to one supervisor at a time, and keeps its secrets to itself."""

import stat
from pathlib import Path

import pytest

from opinion_market.platform.errors import PlatformError
from opinion_market.platform.instance import open_instance


def test_a_second_start_on_the_same_port_is_refused_in_one_sentence(tmp_path: Path) -> None:
    first = open_instance(data_dir=tmp_path, port=8000)
    with pytest.raises(PlatformError, match="already running on port 8000"):
        open_instance(data_dir=tmp_path, port=8000)
    first.close()
    open_instance(data_dir=tmp_path, port=8000).close()


def test_another_port_is_another_installation_with_secrets_of_its_own(tmp_path: Path) -> None:
    first, second = open_instance(data_dir=tmp_path, port=8000), open_instance(data_dir=tmp_path, port=8100)
    assert first.folder != second.folder
    assert first.sockets != second.sockets
    assert first.secrets() != second.secrets()
    first.close()
    second.close()


def test_secrets_stay_the_same_and_are_for_the_owners_eyes(tmp_path: Path) -> None:
    instance = open_instance(data_dir=tmp_path, port=8000)
    generated = instance.secrets()
    assert instance.secrets() == generated
    assert stat.S_IMODE((instance.folder / "secrets.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(instance.private_sockets.stat().st_mode) == 0o700
    instance.close()


def test_socket_paths_fit_however_long_the_path_of_the_data_is(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a folder with a long name"] * 8)
    instance = open_instance(data_dir=deep, port=8000)
    assert len(str(instance.sockets / "postgres" / ".s.PGSQL.5432")) < 107
    instance.close()
    assert not instance.sockets.exists()
