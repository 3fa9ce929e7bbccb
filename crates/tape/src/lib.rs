//! The store of a client: reels, window, budget.
