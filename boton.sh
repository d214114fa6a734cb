#!/bin/sh
# Starts the bot.
exec "$(dirname "$0")/orbit" start "$@"
