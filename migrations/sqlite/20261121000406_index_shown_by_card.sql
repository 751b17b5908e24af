-- A run's card is drawn anew wherever it is shown: also where somebody approved what was asked for elsewhere.
CREATE INDEX shown_by_card ON shown (card);
CREATE INDEX outbox_by_card ON outbox (card);
