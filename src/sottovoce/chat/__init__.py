"""Who said what to whom, in which chat. It names destinations and never sees a topic."""
