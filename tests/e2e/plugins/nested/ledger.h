// What a borrower knows of the ledger: a service that trusts its callers.
#pragma once

namespace nested {

struct Ledger {
    static constexpr const char* name = "nested.ledger/1";
    /// Adds what `amount` points to; the sum so far.
    virtual int add(const int* amount) = 0;

protected:
    ~Ledger() = default;
};

}  // namespace nested
