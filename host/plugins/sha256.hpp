// SPDX-License-Identifier: Apache-2.0
/// \file
/// SHA-256 of bytes that come in pieces.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace patchbay::plugins {

class Sha256 {
  public:
    Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    ~Sha256();

    void add(const std::byte* data, std::size_t size);
    /// 64 lower-case hexadecimal digits; empty when the cryptographic library failed. Once only.
    [[nodiscard]] std::string finish();

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace patchbay::plugins
