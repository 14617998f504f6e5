"""Where the time of the pipeline goes, for four recipients: own time by file, in percent.

Run: `.venv/bin/python -m benchmarks.profile_pipeline`
"""

import cProfile
import pstats
from collections import Counter
from pathlib import Path

from broker.bench import make_scene, ours

ROOT = Path(__file__).parent.parent
EVENTS = 300


def main() -> None:
    loop = ours(make_scene(4))
    for _ in range(20):
        loop()
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(EVENTS):
        loop()
    profile.disable()
    spent: Counter[str] = Counter()
    for (file, _, name), row in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        path = Path(file)
        known = path.is_relative_to(ROOT) and ".venv" not in path.parts
        spent[str(path.relative_to(ROOT)) if known else f"library: {name}"] += row[2]
    total = sum(spent.values())
    for place, seconds in spent.most_common(20):
        print(f"{100 * seconds / total:5.1f} %  {place}")


if __name__ == "__main__":
    main()
