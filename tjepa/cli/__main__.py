import sys

from tjepa.cli import main

sys.exit(main())
