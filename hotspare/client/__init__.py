"""The router inside an application: no gateway, no screen, no database. `hotspare` itself has the names."""
