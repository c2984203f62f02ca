"""Puts this folder on the path, so that the tests of each room find the stage and the traders."""
