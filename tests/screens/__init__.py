"""The bot's screens, walked over as a whole: scenes, their pictures, and a crawler that presses everything."""
