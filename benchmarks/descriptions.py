"""How many descriptions lose a word that names nobody, and how long cleaning one takes.

``python -m benchmarks.descriptions TEXTS.csv [FIELD]`` reads a CSV file with a column ``text`` (and
``field``) of real examination texts that hold no names.  Every word that is taken out of them is
taken out wrongly.  They are cleaned for nobody, and for invented patients of many languages.
"""

from __future__ import annotations

import csv
import random
import sys
import time
from pathlib import Path

from workbench.deidentify.descriptors import clean
from workbench.deidentify.identity_sources import Sources

SEED = 20261130
PATIENTS = 200
_FAMILY = """
Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter
Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Krause
Lehmann Köhler Maier Herrmann Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau
Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont
Lambert Fontaine Rousseau Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino
Greco Bruno Gallo Conti Costa Garcia Fernandez Lopez Sanchez Perez Gomez Silva Santos Ferreira
Pereira Oliveira Rodrigues Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński
Hansen Johansen Olsen Larsen Nielsen Jensen Pedersen Andersson Karlsson Nilsson Virtanen
Korhonen Nagy Kovács Tóth Szabó Horváth Novák Svoboda Dvořák Popescu Ionescu Yılmaz Kaya Demir
Şahin Çelik Ivanov Smirnov Kuznetsov Papadopoulos Dimitriou Smith Jones Taylor Brown Williams
Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood
Harris Clarke Young King Hill Scott Adams Baker Nguyen Tran Le Pham Wang Li Zhang Chen Liu
Yang Huang Zhao Wu Zhou Kim Lee Park Choi Sato Suzuki Takahashi Tanaka Singh Patel Khan Ali
Hassan Ahmed Cohen Levi Van-Dijk Jansen Bakker Visser Peeters Maes Thill Weydert Kieffer
Reuter
"""
FAMILY = _FAMILY.split()
_GIVEN = """
Anna Maria Peter Hans Jürgen Claudia Sabine Thomas Michael Andreas Jean Pierre Marie Sophie
Luc Nicolas Camille Giuseppe Francesca Marco Luca Juan Carmen José Ana João Piotr Katarzyna
Paweł Małgorzata Lars Ingrid Björn Eva Mehmet Fatma Ayşe Vladimir Olga Nikos Eleni John Mary
William Emma James Olivia Minh Linh Wei Fang Xiu Min Yuki Haruto Aiko Mohammed Fatima Omar
Sara Noah Mia Ben Max Tim Kim Jan Ida Ute Ulf Joy Art
"""
GIVEN = _GIVEN.split()


def main() -> None:
    """Print the share of texts that lose a word, for nobody and for invented patients."""
    field = sys.argv[2] if len(sys.argv) > 2 else ""
    with Path(sys.argv[1]).open(encoding="utf-8") as file:
        texts = [row["text"] for row in csv.DictReader(file) if field in row.get("field", "")]
    nobody = Sources().identity()
    start = time.process_time()
    plain = {text: clean(text, nobody) for text in texts}
    spent = time.process_time() - start
    changed = sum(text != cleaned for text, cleaned in plain.items())
    print(f"{len(plain)} texts; {changed} changed for nobody: {changed / len(plain):.2%}")
    print(f"cleaning one takes {spent / len(texts) * 1e6:.0f} us")
    drawn = random.Random(SEED)
    lost = 0
    for _ in range(PATIENTS):
        name = f"{drawn.choice(FAMILY)}^{drawn.choice(GIVEN)}"
        names = Sources(own=[name]).identity()
        hit = [text for text in plain if clean(text, names) != plain[text]]
        lost += len(hit)
        if "-v" in sys.argv and hit:
            print(name, hit[:4])
    share = lost / PATIENTS / len(plain)
    print(f"changed for one of {PATIENTS} invented patients beyond that: {share:.4%}")


if __name__ == "__main__":
    main()
