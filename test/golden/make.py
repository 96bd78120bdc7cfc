"""Makes every golden file, or those named: runs each script beside this one with the Python that runs it."""
import pathlib
import subprocess
import sys

here = pathlib.Path(__file__).parent
for script in sorted(here.glob("*.py")):
    if script.name != "make.py" and (len(sys.argv) < 2 or script.stem in sys.argv[1:]):
        print(script.name, flush=True)
        subprocess.run([sys.executable, str(script)], check=True)
