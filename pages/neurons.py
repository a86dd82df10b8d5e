"""What in the picture drives single neurons of a layer."""

from cactiviz.ui import navigation
from cactiviz.ui.layers import neurons

navigation.enter()
neurons.show()
