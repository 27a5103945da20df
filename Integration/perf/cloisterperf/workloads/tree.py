"""Makes trees of files: `tree.py FOLDER DIRECTORIES FILES LINES`, the same ones on every machine."""
import os
import random
import sys

folder, directories, files, lines = sys.argv[1], *map(int, sys.argv[2:])
words = [chr(97 + i % 26) * 2 + chr(97 + i // 26 % 26) + str(i % 7) for i in range(900)]
source = random.Random(5)
for directory in range(directories):
    place = os.path.join(folder, f"d{directory:03}")
    os.makedirs(place)
    for number in range(files):
        with open(os.path.join(place, f"file{number:04}.txt"), "w") as file:
            for _ in range(lines):
                file.write(" ".join(source.choices(words, k=8)) + "\n")
