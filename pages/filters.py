"""What the filters of a convolution look for, and what they find in the picture."""

from cactiviz.ui import navigation
from cactiviz.ui.layers import filters

navigation.enter()
filters.show()
