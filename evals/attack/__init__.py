"""The attack on the measure with cases, knowledge and answers that come along, or a team's own."""
