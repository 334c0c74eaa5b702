"""People counting in shops: from counting devices to hourly and daily figures, each traceable to its reply."""
