// SPDX-License-Identifier: Apache-2.0
#include <patchbay/agent/certificate_file.hpp>
#include <patchbay/private_file.hpp>

#include <filesystem>
#include <system_error>

namespace patchbay::agent {

Result<std::optional<Certificate>> CertificateFile::load() const {
    const Result<std::string> content = read_private_file(path_);
    if (!content) {
        if (content.error().code == "file.missing") {
            return std::optional<Certificate>();
        }
        return tl::unexpected<Error>(content.error());
    }
    Result<Certificate> certificate = Certificate::parse(*content);
    if (!certificate) {
        Error error = certificate.error();
        error.message = path_ + ": " + error.message;
        return tl::unexpected<Error>(std::move(error));
    }
    return std::optional<Certificate>(std::move(*certificate));
}

Result<void> CertificateFile::save(const Certificate& certificate) const {
    return write_private_file(path_, certificate.json);
}

Result<void> CertificateFile::remove() const {
    std::error_code error;
    std::filesystem::remove(path_, error);
    if (error) {
        return failure(ErrorClass::failed, "file.unwritable",
                       "Cannot remove " + path_ + ": " + error.message() + '.');
    }
    return {};
}

}  // namespace patchbay::agent
