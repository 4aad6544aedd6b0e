// SPDX-License-Identifier: Apache-2.0
#include "../../fuzz/sdk_decoders.hpp"
#include "vectors.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace patchbay {
namespace {

using nlohmann::json;

/// Short byte strings of one group, wherever they stand in its vectors.
void collect(const json& value, std::vector<std::string>& seeds) {
    if (value.is_object() && value.contains("hex")) {
        const std::string bytes = vectors::bytes_of(value);
        if (bytes.size() <= 400) {
            seeds.push_back(bytes);
        }
        return;
    }
    if (value.is_structured()) {
        for (const json& part : value) {
            collect(part, seeds);
        }
    }
}

std::vector<std::string> seeds_of(std::initializer_list<const char*> groups) {
    std::vector<std::string> seeds{""};
    for (const char* name : groups) {
        collect(vectors::group(name), seeds);
    }
    return seeds;
}

/// Changes, repeats, drops or swaps in a few bytes; the sequence is the same in every run.
class Mutator {
  public:
    std::string operator()(std::string bytes, const std::vector<std::string>& seeds) {
        for (std::size_t changes = 1 + below(6); changes != 0; --changes) {
            const std::size_t at = below(bytes.size() + 1);
            switch (below(5)) {
                case 0:
                    bytes.insert(at, 1, static_cast<char>(below(256)));
                    break;
                case 1:
                    bytes.erase(at, below(8));
                    break;
                case 2:
                    bytes.insert(at, seeds[below(seeds.size())].substr(0, below(64)));
                    break;
                case 3:
                    bytes.insert(at, 1, interesting[below(interesting.size())]);
                    break;
                default:
                    if (at < bytes.size()) {
                        bytes[at] = static_cast<char>(below(256));
                    }
            }
        }
        return bytes;
    }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_()) % n; }

  private:
    static constexpr std::string_view interesting{"\0\x7f\x80\xff,\n\\x\x12\x2a\x08:/ \r", 15};
    std::mt19937 random_{20240229};
};

void run(void (*promise)(std::string_view), const std::vector<std::string>& seeds, int rounds) {
    Mutator mutate;
    for (const std::string& seed : seeds) {
        promise(seed);
    }
    for (int i = 0; i < rounds; ++i) {
        promise(mutate(seeds[mutate.below(seeds.size())], seeds));
    }
}

TEST(MutatedInput, EnvelopesKeepTheirPromises) {
    run(fuzz::envelope, seeds_of({"envelope", "decode_odd"}), 40000);
}

TEST(MutatedInput, MessagesKeepTheirPromises) {
    run(fuzz::messages, seeds_of({"http_message", "default_message", "decode_odd"}), 40000);
}

TEST(MutatedInput, HttpHeadersKeepTheirPromises) {
    std::vector<std::string> seeds{""};
    for (const json& vector : vectors::group("http_headers")) {
        seeds.push_back(vectors::text_of(vector, "text"));
    }
    run(fuzz::http_headers, seeds, 40000);
}

TEST(MutatedInput, StubStreamsKeepTheirPromises) {
    std::vector<std::string> seeds = seeds_of({"stub"});
    const std::vector<std::string> lines = seeds;
    Mutator pick;
    for (int i = 0; i < 50; ++i) {  // bursts
        seeds.push_back(lines[pick.below(lines.size())] + lines[pick.below(lines.size())] + "\n" +
                        lines[pick.below(lines.size())]);
    }
    run(fuzz::stub, seeds, 40000);
}

TEST(MutatedInput, DialoguesKeepTheirBounds) {
    run(fuzz::dialogues, seeds_of({"decode_odd"}), 20000);
}

}  // namespace
}  // namespace patchbay
