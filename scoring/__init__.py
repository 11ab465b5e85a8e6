"""How well did they do? Surveys, the five KPIs, scores."""
