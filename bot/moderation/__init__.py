"""Gates, reviews, rules, people, reports and take-downs, and the record of all acts."""
