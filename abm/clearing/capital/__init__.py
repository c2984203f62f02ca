"""Money that comes and goes outside trading: owners of the accounts, and other business."""
