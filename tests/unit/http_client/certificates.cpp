// SPDX-License-Identifier: Apache-2.0
#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace patchbay::http_client {

namespace {

template <class Type, void (*release)(Type*)>
struct Release {
    void operator()(Type* object) const { release(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certified = std::unique_ptr<X509, Release<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION, X509_EXTENSION_free>>;

void check(bool good, const char* what) {
    if (!good) {
        throw std::runtime_error(what);
    }
}

void add_extension(X509* certificate, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value));
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

template <class Write>
void write_file(const std::string& path, Write write) {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    check(file != nullptr && write(file) == 1 && std::fclose(file) == 0, path.c_str());
}

}  // namespace

Certificate make_certificate(const std::filesystem::path& folder, const std::string& name,
                             const std::string& names) {
    const Key key(EVP_EC_gen("P-256"));
    check(key != nullptr, "EVP_EC_gen");
    const Certified certificate(X509_new());
    check(X509_set_version(certificate.get(), 2) == 1, "X509_set_version");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), subject);
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), NID_subject_alt_name, names.c_str());
    check(X509_sign(certificate.get(), key.get(), EVP_sha256()) != 0, "X509_sign");

    const Certificate files{(folder / (name + ".crt")).string(),
                            (folder / (name + ".key")).string()};
    write_file(files.certificate_file,
               [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); });
    write_file(files.key_file, [&](std::FILE* file) {
        return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
}

}  // namespace patchbay::http_client
