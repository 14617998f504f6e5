"""What Caseward is measured with and compared to; nothing of it is installed with Caseward."""
