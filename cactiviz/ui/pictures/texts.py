"""What is said where pictures are chosen."""

from __future__ import annotations

UPLOAD = "A picture of your own"
UPLOAD_HELP = "It stays on this computer, and goes half an hour after you have left."
NOT_HERE = "not here yet"
LIVE = "iNaturalist, live search"
LIVE_TERMS = "Each photograph is its author's, under the licence named with it"
LIVE_ABOUT = (
    "Photographs of a species that people gave to iNaturalist, of research grade and free to use "
    "(CC0, CC BY or CC BY-SA). Nothing is asked of inaturalist.org until you press Search; then "
    "it is sent the name of the species."
)
SPECIES = "Species"
SPECIES_HINT = "A scientific or a common name, such as Carnegiea gigantea"
SEARCH = "Search"
SEARCHING = "Asking iNaturalist…"
PLACE = "A folder or zip on this computer"
PLACE_HINT = "/home/you/pictures"
PLACE_HELP = "Its sub-folders are the classes. It is read where it lies; nothing is copied."
PLACE_ASK = "Name a folder or a zip of pictures. Each of its sub-folders becomes a class."
PLACE_SHUT = "Folders can be named only where the app is open to this computer alone."
HAVE_IT = "I have it on this computer, in this folder"
HAVE_IT_HINT = "/home/you/data"
NOT_IN_THERE = "{title} isn't in there. Its files look like this: {layout}."
TERMS = "Terms"
LAYOUT = "Files"
LOOKED_IN = "Looked for in"
SIZE = "Size"
STRIP = "Pictures to choose from"
CHANGE_NETWORKS = "Change networks"
BEGIN_WITH = "Begin with"
#: What stands under the thumbnails of pictures that are always there.
TILES = {"chelsea": "cat", "coffee": "coffee", "rocket": "rocket", "astronaut": "astronaut"}
TILES |= {"scenes": "desert"}
ASKS = {"upload": "your photo", "camera": "camera", "more": "more"}
ASKS_ALT = {
    "upload": "A photo of your own",
    "camera": "Take one with the camera",
    "more": "More pictures: data sets and web addresses",
}
PICK_CLASS = "Class"
PICK_ITEM = "Which"
DRAW_ONE = "Draw one"
DRAW_ONE_HELP = "Takes any picture of this class. The Gallery shows them all."
STILL_THERE = "{name} is still here; another file takes its place."
PICK_NUMBER = "Which one, {first:,} to {last:,}"
NO_PLACE = "There is no folder or zip {named}."


def still_there_many(count: int) -> str:
    """Of pictures of the user's own, when their field is empty after another page."""
    if count == 1:
        return "Your picture is still here; other files take its place."
    return f"Your {count} pictures are still here; other files take their place."


def how_large(size_bytes: int, verified: bool) -> str:
    """The size of a download, and whether it can be checked."""
    checked = (
        "checked against its published hash" if verified else "not verified: no hash is published"
    )
    return f"about {size_bytes / 1e9:.1f} GB, {checked}"


DOWNLOAD_SET = "Download about {gigabytes:.1f} GB"

# --- Networks of one's own, camera, downloads ---
CAMERA = "Take a picture"
CAMERA_NAME = "your photo"
CAMERA_HELP = (
    "It stays on this computer, and goes half an hour after you have left. Your browser asks you "
    "first."
)
TOO_LARGE_A_PICTURE = "This picture is too large; up to {megabytes} MB can be shown."
FILM_UPLOAD = "Pictures of your own"

PICTURE_NOT_KEPT = "There is no room to keep this picture: it goes once you leave this page."
PICTURES_NOT_KEPT = "There is no room to keep these pictures: they go once you leave this page."
