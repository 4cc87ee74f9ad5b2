"""The wheel, built twice in two folders from the same files: the same bytes, whoever builds it and when."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from tests.supply.report import OUT, PYTHON, ROOT, Row, State, judged, ran


def sources() -> list[str]:
    """Files of the repository as they are here, new ones too. RuntimeError without git."""
    listed = ran("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    if listed.returncode:
        raise RuntimeError("git cannot list the files")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _copied(folder: Path, name: str, files: list[str], at: int) -> Path:
    """The files under another path, with other times and rights, as another checkout would have them."""
    root = folder / name
    for file in files:
        to = root / file
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, to)
        os.utime(to, (at, at))
        to.chmod(0o600 if at % 2 else 0o644)
    return root


def _built(root: Path, epoch: str) -> Path:
    command = f"cd '{root}' && exec '{PYTHON}' -m hatchling build -t wheel -d dist"
    made = ran("sh", "-c", command, SOURCE_DATE_EPOCH=epoch, PYTHONHASHSEED="random")
    if made.returncode:
        raise RuntimeError(made.stderr.strip().splitlines()[-1])
    [wheel] = (root / "dist").glob("*.whl")
    return wheel


def check() -> Row:
    """The date of the wheel's files is that of the last commit."""
    what = "reproducible wheel"
    epoch = ran("git", "log", "-1", "--format=%ct").stdout.strip() or "1767225600"
    with tempfile.TemporaryDirectory(prefix="wheel-", dir=OUT) as folder:
        try:
            files = sources()
            wheels = [
                _built(_copied(Path(folder), name, files, at), epoch)
                for name, at in (("one", 1_700_000_001), ("another", 1_750_000_000))
            ]
        except RuntimeError as error:
            return Row(what, State.FAILED, str(error))
        digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels]
        shutil.copy(wheels[0], OUT)
    wrong = [] if len(set(digests)) == 1 else [f"two builds differ: {digests[0][:12]}…, {digests[1][:12]}…"]
    return judged(what, wrong, f"{wheels[0].name} built twice, sha256 {digests[0]}")
