# gantry_add_plugin(name SOURCES … PROTO …): see sdk/README.md.
