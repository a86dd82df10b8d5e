"""What Learn says."""

from __future__ import annotations

from cactiviz.rendering.scales import number, percent
from cactiviz.ui.texts import QUEUE_FULL

LEARN_TITLE = "What a map can tell you, and what it can’t"
LEARN_LEAD = (
    "Every picture on this page is computed now, while you read. Each lesson asks you to predict "
    "before it tells. Nothing is counted, and nothing is sent anywhere."
)
LEARN_PART = "Part"
LEARN_PARTS = {
    "untrained": "1 · Spot the beginner",
    "classes": "2 · Ask for the opposite",
    "scale": "3 · Mind the scale",
    "size": "4 · Count the squares",
    "methods": "The methods",
}
LEARN_TITLES = {
    "untrained": "Which network has never learnt anything?",
    "classes": "Does a method care which class you ask for?",
    "scale": "What a scale of its own hides",
    "size": "What 32 × 32 pixels do to a Grad-CAM",
}
LEARN_NO_WEIGHTS = (
    "This lesson needs CactiNet’s trained weights, the numbers that it has learnt. They aren’t "
    "in this copy of cactiviz."
)
LEARN_GLOSSARY = "Words"
LEARN_WORDS = {
    "Class": "One of the answers that a network can give, such as “cactus” or “Egyptian cat”.",
    "Evidence": "All that a map counts for an answer, added up. “A tenth of the picture holds half "
    "of the evidence” means that the map is strong in few places.",
    "Gradient": "How much one number moves when another is changed by a tiny amount. Here it is "
    "mostly: how much the score of an answer moves when a pixel is changed.",
    "Heat map": "One number for each place of a picture, painted as a colour.",
    "Layer": "One step of a network. It takes numbers from the step before, works on them and "
    "hands them on. Early layers find edges and colours, late ones whole things.",
    "Logit": "The score of a class as the network first computes it: any number, where higher "
    "speaks more for the class. From the logits come the percentages.",
    "Weights": "The numbers inside of a network. Learning sets them; before it they are random, "
    "and the network is untrained.",
}
LEARN_GUESS_FIRST = "Choose one; then you can see the answer."
LEARN_REVEAL = "Reveal"
LEARN_RANGE_LATER = "own scale · its range comes with the answer"

LEARN_METHODS_TITLE = "One picture, one network, every method"
LEARN_METHODS = (
    "A network turns a picture into a score for each answer that it knows. A method looks into "
    "the network and asks what that score came from. Each asks something else, so their pictures "
    "differ, and none is simply “what the network saw”."
)
LEARN_LIMIT = "Its limit:"
LEARN_FILTERS_LIMIT = "It shows what the first layer can notice, not what the network makes of it."
LEARN_FILTERS_CACTINET = (
    "CactiNet’s first layer moved little from its random start, so to the eye its windows are "
    "coloured noise."
)
LEARN_VIEWS = {
    "grad_cam": "A layer, which is one step of the network, holds many small maps. Each lights up "
    "where it finds a pattern of its own. Grad-CAM asks of each small map: if it grew stronger, "
    "would the score rise? Maps that help the score get a large weight. All of them added up by "
    "their weights are the heat map; what is left below zero is cut off.",
    "saliency": "Change one pixel by a tiny amount and see how far the score moves: that is the "
    "gradient at this pixel. Saliency finds it for all pixels at once. White is where a tiny "
    "change would move the score most, whether up or down; black is where it would do nothing.",
    "guided_backprop": "It works its way back from the score to the pixels, as saliency does. But "
    "at every layer, every step on the way, it throws away whatever would lower the score. What is "
    "left often looks like a fine drawing of edges. Mid grey means nothing.",
    "guided_grad_cam": "The fine drawing of guided backprop, multiplied by Grad-CAM’s heat map. "
    "So detail stays only where the heat map is bright.",
    "hires_cam": "Grad-CAM gives each small map of a layer one weight for the whole picture. "
    "HiResCAM gives every square of it a weight of its own, and keeps what is below zero: orange "
    "speaks for the answer, blue speaks against it.",
    "layer_cam": "It weighs every square by itself, as HiResCAM does, but keeps only the weights "
    "that would raise the score. So it can be used on early layers too, the first steps of the "
    "network, where squares are small and show more detail.",
    "grad_cam_plus_plus": "Grad-CAM weighs a small map by the plain average of its gradients, "
    "which say how far the score moves with each square. A small thing, or the second of two, can "
    "drown in an average. Grad-CAM++ counts only gradients that would raise the score, and "
    "balances them square by square, so that several things can show at once.",
    "x_grad_cam": "It averages the gradients, which say how far the score moves with each square, "
    "in another way than Grad-CAM: where a small map is bright, its gradients count more. So a "
    "pattern that was found weighs more than one that was not.",
    "eigen_grad_cam": "It multiplies each small map by its gradients, which say how far the score "
    "moves with each square, and then looks for the one pattern that most of the results share. "
    "The average is taken away first: so blue means less than the average, and not that a place "
    "speaks against the answer.",
    "filters": "These explain no answer. They are the first layer itself: little windows of a few "
    "pixels that slide over every picture, each one answering to an edge, a stripe or a spot of "
    "colour. They are the same whatever picture you choose.",
}

LEARN_1 = (
    "Below is a drawn scene and two maps made of it by the same method. One is of CactiNet, which "
    "has learnt from thousands of pictures to tell whether there is a cactus. The other is of the "
    "same network before any lesson: its weights, the numbers that learning sets, are random. "
    "Such a network is called untrained, and nothing that it shows means anything.",
)
LEARN_1_ASK = "Which map is the untrained network’s?"
LEARN_1_OPTIONS = {"A": "Map A", "B": "Map B"}
LEARN_1_AGAIN = "Another round"
LEARN_1_KNOWN = (
    "If it was hard, that is not your fault. Adebayo and others tested it in 2018 (“Sanity checks "
    "for saliency maps”, arXiv:1810.03292): they replaced what networks had learnt by random "
    "numbers. The maps of guided backprop and guided Grad-CAM hardly changed; those of Grad-CAM "
    "and of the plain gradient, which saliency shows, did.",
    "Half of all guesses are right by luck. Play a few rounds before you trust your eye.",
)

LEARN_2 = (
    "Now the same network and the same picture, but two opposite questions: what speaks for "
    "“cactus”, and what speaks for “no cactus”? A class is one of the answers that a network can "
    "give. A method that explains an answer should show something else for the opposite one.",
)
LEARN_2_ASK = "Which method will draw the same picture again for “no cactus”?"
LEARN_2_OPTIONS = {
    "guided_backprop": "Guided backprop",
    "grad_cam": "Grad-CAM",
    "both": "Both",
    "neither": "Neither",
}
LEARN_2_KNOWN = (
    "Nie and others (2018, arXiv:1805.07039) say why: guided backprop partly draws the picture "
    "itself again, rather than tell what the answer came from. So it is a good way to see which "
    "detail a network reacts to, and a bad way to see why it answered as it did.",
    "Guided backprop was made for networks with ReLU, a step that cuts off what is below zero. "
    "CactiNet has a smoother step in its place, so the rule used here is this project’s "
    "generalisation of it.",
)

LEARN_3 = (
    "A heat map is made of numbers, and somebody has to decide which number gets the brightest "
    "colour. Most programs take the largest number of each map: a scale of its own. Here are two "
    "maps painted so, by LayerCAM: one of the trained network, and one of the same network "
    "untrained, with random numbers in place of what it learnt.",
)
LEARN_3_ASK = "What do the colours tell you about how large the two maps’ numbers are?"
LEARN_3_OPTIONS = {
    "trained": "Map A’s are larger",
    "untrained": "Map B’s are larger",
    "same": "They are about the same",
    "unknown": "Nothing: the colours can’t tell",
}
LEARN_3_SHARED = "On one scale for both"
LEARN_3_KNOWN = (
    "So a shared scale shows what scales of their own hide. But it doesn’t say which network has "
    "learnt: how large a map’s numbers are depends on how large the numbers inside that network "
    "happen to be, and scores of different networks aren’t in the same unit.",
    "That is why cactiviz prints the scale and the range below every map, and lets you choose. "
    "When you see a heat map elsewhere, ask: whose scale is it?",
)

LEARN_4 = (
    "CactiNet takes pictures of 64 × 64 pixels. On their way through it they are halved five "
    "times, so each layer, each step of the network, has fewer and larger squares. Grad-CAM gives "
    "one number for each square of the layer that it is asked at. Here it is at four layers.",
    "But the tiles that CactiNet learnt from were only 32 × 32 pixels, and had to be enlarged.",
)
LEARN_4_INPUT = "What it is given"
LEARN_4_ASK = "Given 32 × 32 pixels, how many squares will its last map have?"
LEARN_4_OPTIONS = {"8": "8 × 8", "4": "4 × 4", "2": "2 × 2", "1": "1 × 1"}
LEARN_4_KNOWN = (
    "More squares aren’t more truth, either. Where squares are small, the network has only put "
    "together edges and colours so far. On CactiNet, Grad-CAM on 8 × 8 squares was measured: it "
    "finds cacti less well than a blob in the middle of the picture would.",
)
LEARN_PROGRESS = "Lesson {number} of {total}"
LEARN_FILTERS_ALT = "{count} little windows of colour in rows; {caption}"
LEARN_PIXELS = "{pixels} × {pixels} pixels"
LEARN_FOR = "{method} for “{class_name}”"
LEARN_ASKED = "Asked for “{class_name}”"
LEARN_1_ROUND = "Round {number}. The method is {title}. It asks: {asks}"


def learn_next(part: str) -> str:
    """What the button says that goes on."""
    return "Look at all methods" if part == "methods" else f"Go on to {LEARN_PARTS[part]}"


def learn_waiting(ahead: int | None) -> str:
    """While a lesson's pictures are computed."""
    if ahead is None:
        return QUEUE_FULL
    if not ahead:
        return "The pictures are being computed…"
    return f"{ahead} other computation{'s come' if ahead > 1 else ' comes'} first…"


def learn_verdict(said: str, right: str, is_right: bool) -> str:
    """What the reader said, and what it was."""
    return f"You said: {said}. " + ("That is right." if is_right else f"The answer: {right}.")


def learn_alt(title: str, place: str, caption: str) -> str:
    """What a map shows, to somebody who can't see it."""
    where = {"even": "the same everywhere", "nowhere": "nothing above zero"}
    return f"{title}: {where.get(place, f'strongest at the {place}')}; {caption}"


def learn_subject(title: str, on_scene: bool, answer: str, probability: float) -> str:
    """Which network and picture a page of methods is about, and what it answered."""
    if on_scene:
        who = (
            f"Here the network is {title}, which came with cactiviz. It looks at pictures from the "
            "air and tells whether there is a cactus. The picture is a drawn one."
        )
    else:
        who = f"Here the network is {title}, which knows a thousand things, before a photograph."
    return f"{who} It answers “{answer}” with {percent(probability)}." if answer else who


def learn_squares(grid: tuple[int, int]) -> str:
    """How many squares a map has."""
    return f"{grid[0]} × {grid[1]} square" + ("" if grid == (1, 1) else "s")


def learn_side(side: str, untrained: bool | None) -> str:
    """What a map is called in a lesson; None before it is told whose it is."""
    if untrained is None:
        return f"Map {side}"
    return f"Map {side}, {'untrained' if untrained else 'trained'}"


def learn_agreement(value: float) -> str:
    """An agreement between -1 and 1, two digits, with a real minus sign."""
    return f"{value + 0.0:.2f}".replace("-", "−")


def learn_larger(one: str, one_value: float, other: str, other_value: float) -> str:
    """In which of two maps the largest number is larger, and by how much; a clause.

    >>> learn_larger("map A", 3.0, "map B", 45.0)
    'the largest number in map B is 45, 15 times as large as in map A (3)'
    >>> learn_larger("map A", 1.0, "map B", 0.9)
    'the largest number in map A is 1, about as large as in map B (0.9)'
    """
    if one_value < other_value:
        one, one_value, other, other_value = other, other_value, one, one_value
    ratio = one_value / other_value if other_value > 0 else float("inf")
    times = f"{ratio:.1f}" if ratio < 3 else f"{ratio:,.0f}"
    if one_value == other_value or ratio < 1.25:
        how = "about as large as"
    else:
        how = f"{times} times as large as" if other_value > 0 else "larger than"
    return (
        f"the largest number in {one} is {number(one_value)}, {how} in {other} "
        f"({number(other_value)})"
    )


def learn_1_who(learnt: float, random: float) -> str:
    """What both networks answered; shares are 0..1."""
    doubt = (
        "which is close to tossing a coin."
        if 0.3 < random < 0.7
        else "which sounds sure, and comes from nothing."
    )
    return (
        f"The trained network gives “cactus” {percent(learnt)}. The untrained one gives it "
        f"{percent(random)}, {doubt}"
    )


def learn_1_alike(agreement: float) -> str:
    """How far the maps of both networks are alike, and what that means."""
    if agreement != agreement:
        return "One of the maps is the same everywhere, so the two can’t be compared."
    if agreement >= 0.6:
        alike = "nearly the same" if agreement >= 0.9 else "a similar"
        means = (
            f"So a network that has learnt nothing draws {alike} map: from the map alone, "
            "nobody can be sure that there is any learning behind it."
        )
    elif agreement >= 0.3:
        means = "So the two are alike in good part, though one network has learnt nothing."
    else:
        means = (
            "So the two differ. But that doesn’t say which of them has learnt: both may look as "
            "if they meant something."
        )
    return (
        "Put the places of each map in order, from weak to strong. The two orders agree by "
        f"{learn_agreement(agreement)}, where 1 is the same order and 0 is none in common. {means}"
    )


def learn_1_size(learnt: float, random: float) -> str:
    """Why the numbers themselves are no sign either; the largest of each map."""
    clause = learn_larger("the trained network’s map", learnt, "the untrained one’s map", random)
    return f"The numbers are no sign of learning by themselves: {clause}."


def learn_2_numbers(guided: float, grad_cam: float) -> str:
    """How far the maps of two opposite classes agree, for both methods."""
    lead = (
        "Put the places of each map in order, from most below zero to most above. The two maps of "
        f"guided backprop agree by {learn_agreement(guided)}, those of Grad-CAM by "
        f"{learn_agreement(grad_cam)}; 1 is the same order, 0 none in common, −1 the opposite."
    )
    if guided >= 0.9 > 0.5 >= grad_cam:
        lead += (
            " So guided backprop drew one picture for two answers that contradict each other, "
            "and Grad-CAM drew two."
        )
    return lead


def learn_2_faint(cactus: float, no_cactus: float) -> str:
    """The difference that two scales of their own hide; each map's largest number."""
    clause = learn_larger("the map for “cactus”", cactus, "the one for “no cactus”", no_cactus)
    return f"What does differ is how large guided backprop’s numbers are: {clause}."


def learn_2_plain(agreement: float) -> str:
    """That the question did change, by the plain gradient."""
    lead = (
        "Did the question change at all? Yes: the plain gradients, which say how the score moves "
        f"with each pixel, agree by {learn_agreement(agreement)}."
    )
    if agreement > -0.99:
        return lead
    return (
        f"{lead} They are exact opposites, since what speaks for “cactus” speaks against “no "
        "cactus”. (Saliency shows only their size, so in a network with two answers it draws the "
        "same picture twice as well, by plain arithmetic.) Guided backprop throws this difference "
        "away, layer by layer, with everything below zero."
    )


def learn_3_first(learnt: float, random: float) -> str:
    """What the first picture's maps hold; the largest number of each."""
    clause = learn_larger("map A", learnt, "map B", random)
    return (
        f"Each map used all its colours, but {clause}. Here they are again, on one scale for "
        "both, so that the same colour is the same number."
    )


def learn_3_second(learnt: float, random: float, before: float, random_before: float) -> str:
    """What another picture's maps hold, after those of the first."""
    clause = learn_larger("map A", learnt, "map B", random)
    turned = (learnt > random) != (before > random_before)
    how = "the other way round" if turned else "the same way round"
    return f"Is it always so? On another scene it is {how}: {clause}."


def learn_4_last(grid: tuple[int, int], low: float, high: float) -> str:
    """What the last map at the smaller size can say."""
    if grid != (1, 1):
        return f"Its last map has {learn_squares(grid)}, from {number(low)} to {number(high)}."
    return (
        f"One square: 32 halved five times is 1. Its only number is {number(high)}, and it covers "
        "the whole picture in one colour. Grad-CAM can’t say where here, whatever the picture is."
    )


def learn_4_answers(small: float, small_none: float, native: float, native_none: float) -> str:
    """What the network answers at both sizes; the shares of "cactus", 0..1.

    Args:
        small: At the smaller size, where there is a cactus.
        small_none: There, for the same place without one.
        native: At the size that it learnt at, where there is a cactus.
        native_none: There, for the same place without one.
    """
    lead = (
        f"And its answer? With 32 × 32 pixels it gives “cactus” {percent(small)} here, and "
        f"{percent(small_none)} for the same place drawn without a cactus. With 64 × 64 pixels it "
        f"gives {percent(native)} and {percent(native_none)}."
    )
    if abs(small - small_none) < 0.1 < abs(native - native_none):
        lead += (
            " At a size that it didn’t learn at, it can’t tell them apart. So a network should "
            "be explained at the size that it was trained for."
        )
    return lead
