// SPDX-License-Identifier: Apache-2.0
/// \file
/// A verb of the command line with its options. A thin face over CLI11, whose headers cost seconds
/// in every file that includes them: only three files of this room do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace patchbay::app {

/// A handle; the command owns the option.
class Option {
  public:
    explicit Option(CLI::Option* option) : option_(option) {}

    Option& required();
    /// The help tells the value that the variable has now.
    Option& show_default();
    /// Without the option, the value of that environment variable is taken.
    Option& environment(const std::string& variable);
    Option& one_of(const std::vector<std::string>& words);
    Option& range(double low, double high);
    /// So many words follow it.
    Option& words(int low, int high);
    /// It may be given several times, with one word each.
    Option& repeatable();
    /// It makes no sense without, or with, that one.
    Option& needs(const Option& other);
    Option& excludes(const Option& other);

    /// Was it given? After parsing.
    [[nodiscard]] bool given() const;

  private:
    CLI::Option* option_;
};

/// A handle; the tree owns the commands. Variables that options fill live as long as the tree.
class Command {
  public:
    explicit Command(CLI::App& app) : app_(&app) {}

    Command add_subcommand(const std::string& name, const std::string& description);
    /// It makes no sense without one of its subcommands.
    void require_subcommand();
    /// Options of which exactly one must be given.
    Command add_choice(const std::string& name, const std::string& description = {});

    /// `names` is "-c,--config", or without dashes the name of a word by position.
    Option add_option(const std::string& names, std::string& value, const std::string& help);
    Option add_option(const std::string& names, std::vector<std::string>& value,
                      const std::string& help);
    Option add_option(const std::string& names, std::int64_t& value, const std::string& help);
    Option add_option(const std::string& names, std::vector<std::int64_t>& value,
                      const std::string& help);
    Option add_option(const std::string& names, std::optional<std::int64_t>& value,
                      const std::string& help);
    Option add_option(const std::string& names, std::uint32_t& value, const std::string& help);
    Option add_option(const std::string& names, std::size_t& value, const std::string& help);
    Option add_option(const std::string& names, double& value, const std::string& help);
    Option add_flag(const std::string& names, bool& value, const std::string& help);

    /// Text below the options in the help.
    void footer(const std::string& text);
    /// Called when the command was given and its options were read.
    void callback(std::function<void()> function);

    [[nodiscard]] const CLI::App& tree() const { return *app_; }

  private:
    CLI::App* app_;
};

}  // namespace patchbay::app
