// SPDX-License-Identifier: Apache-2.0
#include "certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <stdexcept>

namespace patchbay::test {

namespace {

template <class Type, void (*release)(Type*)>
struct Release {
    void operator()(Type* object) const { release(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION, X509_EXTENSION_free>>;

struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

void check(bool good, const std::string& what) {
    if (!good) {
        throw std::runtime_error("cannot make a certificate: " + what);
    }
}

File open(const std::string& path, const char* mode) {
    File file(std::fopen(path.c_str(), mode));
    check(file != nullptr, path);
    return file;
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
    check(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

}  // namespace

CertificateFiles make_certificate(const std::string& folder, const CertificateOptions& options,
                                  const CertificateFiles* authority) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate made(X509_new());
    check(key && made, "no memory");
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), authority == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), options.is_expired ? -3600 : 3600);
    X509_set_pubkey(made.get(), key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1,
                               0);
    Certificate issuer;
    Key issuer_key;
    if (authority != nullptr) {
        issuer.reset(
            PEM_read_X509(open(authority->certificate, "r").get(), nullptr, nullptr, nullptr));
        issuer_key.reset(
            PEM_read_PrivateKey(open(authority->key, "r").get(), nullptr, nullptr, nullptr));
        check(issuer && issuer_key, authority->certificate);
    }
    X509* const signer = issuer ? issuer.get() : made.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(signer));
    add_extension(made.get(), signer, NID_basic_constraints,
                  options.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!options.alternative_names.empty()) {
        add_extension(made.get(), signer, NID_subject_alt_name, options.alternative_names);
    }
    check(X509_sign(made.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) != 0,
          "X509_sign");

    CertificateFiles files{folder + '/' + options.name + ".crt",
                           folder + '/' + options.name + ".key"};
    check(PEM_write_X509(open(files.certificate, "w").get(), made.get()) == 1, files.certificate);
    check(PEM_write_PrivateKey(open(files.key, "w").get(), key.get(), nullptr, nullptr, 0, nullptr,
                               nullptr) == 1,
          files.key);
    return files;
}

}  // namespace patchbay::test
