// SPDX-License-Identifier: Apache-2.0
#include "app/scaffold.hpp"

#include "app/scaffold_files.hpp"

#include <patchbay/public_id.hpp>

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace patchbay::app {

namespace {

namespace fs = std::filesystem;

/// A folder that goes away with everything in it, unless it was kept.
class UnfinishedFolder {
  public:
    explicit UnfinishedFolder(fs::path path) : path_(std::move(path)) {}
    UnfinishedFolder(const UnfinishedFolder&) = delete;
    UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;
    ~UnfinishedFolder() {
        if (!kept_) {
            std::error_code ignored;
            fs::remove_all(path_, ignored);
        }
    }
    void keep() { kept_ = true; }

  private:
    fs::path path_;
    bool kept_ = false;
};

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    while (true) {
        const std::size_t at = text.find(from);
        result += text.substr(0, at);
        if (at == std::string_view::npos) {
            return result;
        }
        result += to;
        text.remove_prefix(at + from.size());
    }
}

tl::unexpected<Error> write_failed(const fs::path& path, const std::error_code& error) {
    return failure(ErrorClass::failed, "scaffold.write_failed",
                   "cannot write " + path.string() + (error ? ": " + error.message() : ""));
}

Result<void> write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    std::error_code error;
    if (file) {
        // The host refuses plugins that others may change, whatever the umask is here.
        fs::permissions(path, fs::perms(0644), error);
    }
    if (!file || error) {
        return write_failed(path, error);
    }
    return {};
}

}  // namespace

Result<std::string> scaffold_connection(const ScaffoldOptions& options) {
    const std::string rule =
        "; expected a lower-case letter or `_`, followed by at most 127 lower-case letters, digits "
        "and `_`";
    if (!is_simple_id(options.name)) {
        return failure(ErrorClass::invalid, "scaffold.bad_name",
                       "`" + options.name + "` cannot be the name of a connection" + rule);
    }
    if (!is_simple_id(options.author)) {
        return failure(ErrorClass::invalid, "scaffold.bad_author",
                       "`" + options.author + "` cannot be an author" + rule);
    }
    std::error_code error;
    const fs::path target = fs::absolute(options.parent, error) / options.name;
    if (fs::exists(fs::symlink_status(target, error))) {
        return failure(ErrorClass::invalid, "scaffold.exists",
                       target.string() + " exists already; choose another name or remove it");
    }
    // Written beside its place and moved there when complete.
    const fs::path unfinished = target.parent_path() / ("." + options.name + ".unfinished");
    error.clear();
    if (!fs::create_directory(unfinished, error)) {
        return write_failed(unfinished,
                            error ? error : std::make_error_code(std::errc::file_exists));
    }
    UnfinishedFolder guard(unfinished);
    fs::permissions(unfinished, fs::perms(0755), error);
    for (const ScaffoldFile& file : connection_template()) {
        const std::string text = replaced(replaced(file.text, "scaffold_author", options.author),
                                          "scaffold_name", options.name);
        if (auto written = write_file(unfinished / file.name, text); !written) {
            return tl::unexpected<Error>(std::move(written.error()));
        }
    }
    fs::rename(unfinished, target, error);
    if (error) {
        return write_failed(target, error);
    }
    guard.keep();
    return target.lexically_normal().string();
}

std::string default_author(const char* configured, const char* login) {
    for (const char* candidate : {configured, login}) {
        std::string author;
        for (const char c : std::string_view(candidate == nullptr ? "" : candidate)) {
            author += c >= 'A' && c <= 'Z'   ? static_cast<char>(c - 'A' + 'a')
                      : c == '-' || c == '.' ? '_'
                                             : c;
        }
        if (is_simple_id(author)) {
            return author;
        }
    }
    return "my_author";
}

}  // namespace patchbay::app
