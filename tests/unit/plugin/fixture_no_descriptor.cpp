// A library that is no plugin.
extern "C" int nothing() { return 0; }
