"""The rows of the table of data sets."""

from __future__ import annotations

from cactiviz.datasets import aerial_cactus, caltech256, inaturalist, samples
from cactiviz.datasets.folder import open_folder
from cactiviz.datasets.scenes import scene
from cactiviz.datasets.spec import Archive, DatasetSpec

#: In the order in which they are listed.
ROWS = (
    DatasetSpec(
        "samples",
        samples.TITLE,
        "A cat, a cup, a rocket and an astronaut, to begin with.",
        "inside of scikit-image",
        "It is here already.",
        samples.TERMS,
        lambda _: samples.open_samples(),
        place="installed",
    ),
    DatasetSpec(
        "scenes",
        scene.TITLE,
        "Aerial desert tiles drawn by a program, with and without columnar cacti.",
        "drawn when they are asked for",
        "It is here already.",
        scene.TERMS,
        lambda _: scene.open_scenes(),
        place="installed",
    ),
    DatasetSpec(
        "cactus",
        aerial_cactus.TITLE,
        "Tiles of 32 x 32 pixels of a Mexican desert from above, with and without a columnar "
        "cactus.",
        "train.csv beside train.zip or train/",
        "Make an account at Kaggle, accept the rules of the competition at "
        "https://www.kaggle.com/c/aerial-cactus-identification/rules, download train.csv and "
        "train.zip from its page “Data”, and put both into one folder of the data folder; "
        "train.zip needn't be unpacked. With `pip install cactiviz[kaggle]` and a key of "
        "Kaggle's, `cactiviz data get cactus` does the rest once the rules are accepted.",
        aerial_cactus.TERMS,
        aerial_cactus.open_cactus,
        locate=lambda folder: folder if aerial_cactus.is_here(folder) else None,
    ),
    DatasetSpec(
        "caltech256",
        caltech256.TITLE,
        "30,607 photographs of things and animals in 256 categories and one of clutter.",
        "256_ObjectCategories/009.bear/009_0001.jpg",
        "`cactiviz data get caltech256` downloads Caltech's own archive and unpacks it, which "
        "takes twice its size for a while.",
        caltech256.TERMS,
        caltech256.open_caltech256,
        locate=caltech256.find_categories,
        # The address and the hash as torchvision has them; Caltech's own page shows the same.
        archive=Archive(
            "https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar",
            "256_ObjectCategories.tar",
            1_200_000_000,
            "67b4f42ca05d46448c6bb8ecd2220f6d",
            caltech256.FOLDER,
        ),
    ),
    DatasetSpec(
        "inaturalist",
        inaturalist.TITLE,
        "Photographs of living things: 12,000 in ten groups, or the competitions' sets of "
        "2017 to 2021 by species.",
        "inaturalist_12K/train/Aves/*.jpg, nature_12K.zip, or 2021_train/ and its like",
        "`cactiviz data get inaturalist` downloads the 12K set's archive, of which no hash is "
        "published; it is read in its place. The larger sets are those of torchvision's class "
        "INaturalist, in the folders that it makes.",
        inaturalist.TERMS,
        inaturalist.open_inaturalist,
        locate=inaturalist.find_set,
        archive=Archive(
            "https://storage.googleapis.com/wandb_datasets/nature_12K.zip",
            inaturalist.ZIP,
            3_800_000_000,
        ),
    ),
    DatasetSpec(
        "folder",
        "Any folder or zip",
        "Pictures of your own, a sub-folder a class.",
        "CLASS/picture.jpg",
        "Name your folder or zip.",
        "They are yours to know",
        open_folder,
        place="named",
    ),
)
