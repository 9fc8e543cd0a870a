"""What a learner is expected to recall: FSRS's chance, corrected by the learner's own record. Dates stay FSRS's."""
