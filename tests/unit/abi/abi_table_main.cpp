// abi_table: prints the binary interface as it is now, for sdk/abi/gantry-1.txt.
#include <cstdio>

#include "tests/unit/abi/abi_table.h"

int main() {
    std::fputs(gantry::test::write_abi(gantry::test::measure_abi()).c_str(), stdout);
    return 0;
}
