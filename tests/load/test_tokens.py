"""Tokens: where they may come from, and that nothing shows them."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest

from sim.helpdesks.tokens import NoToken, Tokens, tokens

CANARY = "1-14-canary"


def _file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def _desk(folder: Path, host: str = "http://127.0.0.1:8080/rt", mode: int = 0o600) -> Path:
    _file(folder / "desk.json", json.dumps({"name": "rt", "host": host}))
    _file(folder / "tokens.json", json.dumps({"customer": CANARY, "agent": "agents"}), mode)
    return folder


def test_a_token_comes_from_its_variable() -> None:
    """The agents' token has a variable of its own, and is the customers' by default; a final newline is dropped."""
    assert tokens("rt", {"SIM_RT_TOKEN": f"{CANARY}\n"}) == Tokens(CANARY, CANARY)
    both = {"SIM_DJANGO_HELPDESK_TOKEN": CANARY, "SIM_DJANGO_HELPDESK_AGENT_TOKEN": "Basic x y"}
    assert tokens("django-helpdesk", both) == Tokens(CANARY, "Basic x y")


def test_a_token_comes_from_a_file_of_ours(tmp_path: Path) -> None:
    """A file of mode 0600 is read, its newline dropped; a variable comes before a file."""
    environ = {"SIM_RT_TOKEN_FILE": str(_file(tmp_path / "token", f"{CANARY}\r\n"))}
    assert tokens("rt", environ) == Tokens(CANARY, CANARY)
    environ["SIM_RT_AGENT_TOKEN_FILE"] = str(_file(tmp_path / "agents", "agents"))
    assert tokens("rt", environ | {"SIM_RT_TOKEN": "first"}) == Tokens("first", "agents")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o700, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Any mode beyond 0600 is exit code 5, with the command that mends it."""
    path = _file(tmp_path / "token", CANARY, mode)
    with pytest.raises(NoToken, match="others may read") as refused:
        tokens("rt", {"SIM_RT_TOKEN_FILE": str(path)})
    assert refused.value.exit_code == 5
    assert refused.value.hint == f"chmod 600 {path}"


def test_a_file_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose owner is not who runs this is refused."""
    path = _file(tmp_path / "token", CANARY)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(NoToken, match="somebody else"):
        tokens("rt", {"SIM_RT_TOKEN_FILE": str(path)})


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder and a pipe without a writer are refused, the last one at once."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, word in (("missing", "No such file"), ("", "is not a file"), ("pipe", "is not a file")):
        with pytest.raises(NoToken, match=f"SIM_RT_TOKEN_FILE.*{word}"):
            tokens("rt", {"SIM_RT_TOKEN_FILE": str(tmp_path / name)})


@pytest.mark.parametrize("text", ["", "\n", " ", "canary\r\nX-Evil: 1", "canary\0", "canary\x1b", " canary", "canaryü"])
def test_a_token_that_is_no_header_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    """Empty ones, control characters, outer blanks and what is not ASCII are refused, wherever they come from."""
    path = str(_file(tmp_path / "token", text))
    for environ in ({"SIM_RT_TOKEN": text}, {"SIM_RT_TOKEN_FILE": path}):
        with pytest.raises(NoToken) as refused:
            tokens("rt", environ)
        assert "canary" not in str(refused.value)
        assert ("is empty" in str(refused.value)) is (not text.strip("\n"))


def test_a_desk_that_was_started_here_has_its_own(tmp_path: Path) -> None:
    """Its tokens are used for its own host and port, after the variables, and for no other."""
    desk = _desk(tmp_path)
    assert tokens("rt", {}, desk, host="http://127.0.0.1:8080") == Tokens(CANARY, "agents")
    assert tokens("rt", {"SIM_RT_TOKEN": "first"}, desk, host="http://127.0.0.1:8080") == Tokens("first", "first")
    for host in ("http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://desk.test:8080", ""):
        with pytest.raises(NoToken):
            tokens("rt", {}, desk, host=host)


def test_a_desk_whose_tokens_others_can_read_is_refused(tmp_path: Path) -> None:
    """tokens.json has the rules of a token file, and broken contents are not shown."""
    with pytest.raises(NoToken, match="others may read"):
        tokens("rt", {}, _desk(tmp_path, mode=0o644), host="http://127.0.0.1:8080/rt")
    _file(tmp_path / "tokens.json", CANARY)
    with pytest.raises(NoToken, match="holds no tokens") as refused:
        tokens("rt", {}, tmp_path, host="http://127.0.0.1:8080/rt")
    assert CANARY not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("environ", [{}, {"SIM_REST_AGENT_TOKEN": "agents"}])
def test_a_missing_token_names_its_variable(environ: dict[str, str]) -> None:
    """Without the customers' token it is exit code 5, and the text names the variable to set."""
    with pytest.raises(NoToken, match="SIM_REST_TOKEN") as refused:
        tokens("rest", environ)
    assert refused.value.exit_code == 5


def test_tokens_do_not_show_and_stay_here() -> None:
    """Neither repr, str nor format holds a token, and none can be pickled."""
    held = Tokens(CANARY, CANARY)
    assert CANARY not in f"{held!r} {held!s} {held} {[held]}"
    with pytest.raises(TypeError):
        pickle.dumps(held)
