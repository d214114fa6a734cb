#!/bin/sh
# Stops the bot once it has finished what it has in hand.
exec "$(dirname "$0")/orbit" stop "$@"
