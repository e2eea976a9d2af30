"""What people see: live pictures, tables, results."""
