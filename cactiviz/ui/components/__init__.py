"""Components that several pages use: the wall of small pictures, the player, the point picker."""
