"""Colours of pages and pictures: told apart with every kind of colour-blindness, 3:1 against white, 4.5:1 as text."""

# Blue, vermilion and green of Okabe and Ito.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
INK, SOFT, LINE = "#1b1b1b", "#595959", "#c8c8c8"
WARN, WARN_BACK = "#7a4b00", "#fff3dc"
PALE, DEEP = "#4F93CE", "#08306B"
"""Ends of the scale of heat maps: the pale one is still told from a cell that is empty."""

MARKS = (BLUE, VERMILION, GREEN, PALE, DEEP, SOFT)
"""What carries a meaning in a picture."""

LETTER_FILL = {"A": BLUE, "B": "#56B4E9", "C": "#F0E442", "D": "#FFFFFF", "X": INK, None: "#FFFFFF"}
LETTER_INK = {"A": "#FFFFFF", "B": INK, "C": INK, "D": INK, "X": "#FFFFFF", None: INK}
"""Quality letters: each cell has its letter and a dark edge, so that colour says nothing alone."""

FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"
