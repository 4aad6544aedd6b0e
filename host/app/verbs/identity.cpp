// SPDX-License-Identifier: Apache-2.0
#include "app/control_pages.hpp"
#include "app/control_target.hpp"
#include "app/exit_code.hpp"
#include "app/text_table.hpp"
#include "app/verbs/verbs.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace patchbay::app {

namespace {

struct IdentityOptions {
    ControlTarget target;
    std::string id;
    std::string path;
    std::string note;
    double hours = 24;
    std::uint64_t number = 0;
    bool force = false;
    bool json = false;
};

using Print = std::function<void(const nlohmann::json&, std::ostream&)>;

/// One request; prints its result.
int ask(const IdentityOptions& options, Invocation& invocation, const char* verb,
        const nlohmann::json& arguments, const Print& print) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> answer = client->request(verb, arguments);
    if (!answer) {
        return print_control_failure(invocation.err, answer.error());
    }
    if (options.json) {
        invocation.out << answer->dump(2) << '\n';
    } else {
        print(*answer, invocation.out);
    }
    return exit_ok;
}

std::string yes_no(const nlohmann::json& object, const char* key) {
    return object.value(key, false) ? "yes" : "no";
}

int list_claims(const IdentityOptions& options, Invocation& invocation) {
    Result<control::Client> client = connect(options.target);
    if (!client) {
        return print_control_failure(invocation.err, client.error());
    }
    const Result<nlohmann::json> pages = all_pages(*client, "identity-list", "claims");
    if (!pages) {
        return print_control_failure(invocation.err, pages.error());
    }
    const nlohmann::json& all = *pages;
    if (options.json) {
        invocation.out << all.dump(2) << '\n';
        return exit_ok;
    }
    if (all.empty()) {
        invocation.out << "No claims.\n";
        return exit_ok;
    }
    std::vector<std::vector<std::string>> rows = {
        {"AGENT", "CLAIMED", "EXPIRES", "KEY", "PROVISIONED", "REVOKED", "ONLINE"}};
    for (const nlohmann::json& claim : all) {
        rows.push_back({claim.value("agent_id", ""), claim.value("claimed_at", ""),
                        claim.value("expires_at", ""), yes_no(claim, "has_public_key"),
                        yes_no(claim, "provisioned"), yes_no(claim, "revoked"),
                        yes_no(claim, "online")});
    }
    invocation.out << text_table(rows);
    return exit_ok;
}

void print_identity(const nlohmann::json& identity, std::ostream& out) {
    out << "agent " << identity.value("agent_id", "") << '\n';
    const nlohmann::json& claim = identity.at("claim");
    if (claim.is_null()) {
        out << "not claimed\n";
    } else {
        out << "claimed " << claim.value("claimed_at", "") << ", until "
            << claim.value("expires_at", "") << (claim.value("revoked", false) ? ", revoked" : "")
            << (claim.value("provisioned", false) ? ", by the operator" : "")
            << (claim.value("has_public_key", false) ? ", with a key" : "") << '\n';
    }
    const nlohmann::json& session = identity.at("session");
    if (session.is_null()) {
        out << "not registered\n";
    } else {
        out << (session.value("connected", false) ? "online" : "away") << ", "
            << session.value("transport", "") << " from " << session.value("remote", "")
            << ", since " << session.value("since", "") << ", last seen "
            << session.value("last_seen", "") << '\n';
    }
    std::vector<std::vector<std::string>> rows = {{"TIME", "ACTION", "OUTCOME", "FROM", "DETAIL"}};
    for (const nlohmann::json& entry : identity.at("audit")) {
        rows.push_back({entry.value("time", ""), entry.value("action", ""),
                        entry.value("outcome", ""), entry.value("remote", ""),
                        entry.value("detail", "")});
    }
    if (rows.size() > 1) {
        out << text_table(rows);
    }
}

int show_claim(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-show", {{"agent_id", options.id}}, print_identity);
}

int make_claim(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-claim",
               {{"agent_id", options.id}, {"force", options.force}},
               [](const nlohmann::json& answer, std::ostream& out) {
                   // The certificate alone goes to standard output, to be kept in a file.
                   out << answer.at("certificate").dump() << '\n';
               });
}

int release_claim(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-release", {{"agent_id", options.id}},
               [&](const nlohmann::json&, std::ostream& out) {
                   out << "The claim of '" << options.id
                       << "' was released; anybody may claim it.\n";
               });
}

int revoke_claim(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-revoke", {{"agent_id", options.id}},
               [&](const nlohmann::json&, std::ostream& out) {
                   out << "'" << options.id
                       << "' was revoked: its certificates are void, and nobody can use the id "
                          "until it is released or claimed by the operator.\n";
               });
}

int rotate_key(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-rotate-key", nlohmann::json::object(),
               [](const nlohmann::json& answer, std::ostream& out) {
                   out << "Key " << answer.value("key", "") << " signs from now on.\n";
                   for (const nlohmann::json& key : answer.at("keys")) {
                       if (!key.value("current", false)) {
                           out << "Key " << key.value("id", "") << " verifies until "
                               << key.value("verifies_until", "") << ".\n";
                       }
                   }
               });
}

int list_tokens(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-tokens", nlohmann::json::object(),
               [](const nlohmann::json& answer, std::ostream& out) {
                   if (answer.at("tokens").empty()) {
                       out << "No unused tokens.\n";
                       return;
                   }
                   std::vector<std::vector<std::string>> rows = {
                       {"NUMBER", "AGENT", "ISSUED", "EXPIRES", "NOTE"}};
                   for (const nlohmann::json& token : answer.at("tokens")) {
                       const std::string id = token.value("agent_id", "");
                       rows.push_back({std::to_string(token.value("number", std::uint64_t{0})),
                                       id.empty() ? "any" : id, token.value("issued_at", ""),
                                       token.value("expires_at", ""), token.value("note", "")});
                   }
                   out << text_table(rows);
               });
}

int issue_token(const IdentityOptions& options, Invocation& invocation) {
    return ask(
        options, invocation, "identity-tokens",
        {{"issue", {{"agent_id", options.id}, {"note", options.note}, {"hours", options.hours}}}},
        [](const nlohmann::json& answer, std::ostream& out) {
            out << answer.value("token", "") << '\n';
        });
}

int revoke_token(const IdentityOptions& options, Invocation& invocation) {
    return ask(options, invocation, "identity-tokens", {{"revoke", options.number}},
               [&](const nlohmann::json&, std::ostream& out) {
                   out << "Token " << options.number << " is void.\n";
               });
}

int back_up(const IdentityOptions& options, Invocation& invocation) {
    const std::string path = std::filesystem::absolute(options.path).string();
    return ask(options, invocation, "identity-backup", {{"path", path}},
               [&](const nlohmann::json&, std::ostream& out) {
                   out << "The claims were copied to " << path
                       << ". The signing key is not in it: keep its file too.\n";
               });
}

Command add(Command group, Invocation& invocation, const char* name, const char* help,
            const std::shared_ptr<IdentityOptions>& options,
            int (*run)(const IdentityOptions&, Invocation&)) {
    Command verb = group.add_subcommand(name, help);
    add_control_target(verb, options->target);
    verb.add_flag("--json", options->json, "Print JSON");
    verb.callback([&invocation, options, run] {
        invocation.action = [&invocation, options, run] { return run(*options, invocation); };
    });
    return verb;
}

/// A verb about one id.
Command add_for_id(Command group, Invocation& invocation, const char* name, const char* help,
                   const std::shared_ptr<IdentityOptions>& options,
                   int (*run)(const IdentityOptions&, Invocation&)) {
    Command verb = add(group, invocation, name, help, options, run);
    verb.add_option("id", options->id, "The agent's id").required();
    return verb;
}

void add_tokens(Command group, Invocation& invocation) {
    Command tokens = group.add_subcommand(
        "tokens", "One-time tokens with which agents claim ids: list, issue, revoke");
    const auto options = [] { return std::make_shared<IdentityOptions>(); };
    add(tokens, invocation, "list", "List unused tokens", options(), list_tokens);
    const auto issue = options();
    Command verb =
        add(tokens, invocation, "issue", "Issue a token; it is told only now", issue, issue_token);
    verb.add_option("--id", issue->id, "The only id that can be claimed with it");
    verb.add_option("--hours", issue->hours, "How long it is good")
        .range(0.01, 87'600)
        .show_default();
    verb.add_option("--note", issue->note, "For people");
    const auto revoke = options();
    verb = add(tokens, invocation, "revoke", "Make an unused token void", revoke, revoke_token);
    verb.add_option("number", revoke->number, "Its number in the list").required();
}

}  // namespace

void add_identity(Command root, Invocation& invocation) {
    Command group = root.add_subcommand(
        "identity", "Who owns which agent id: claims, keys and tokens of a running host");
    const auto options = [] { return std::make_shared<IdentityOptions>(); };
    add(group, invocation, "list", "List the claims in force", options(), list_claims);
    add_for_id(group, invocation, "show", "What is known of an agent id", options(), show_claim);
    const auto claim = options();
    add_for_id(group, invocation, "claim",
               "Claim an id for an agent, and print the certificate to hand to it", claim,
               make_claim)
        .add_flag("--force", claim->force, "Also when somebody owns it");
    add_for_id(group, invocation, "release", "Give an id back, so that anybody may claim it",
               options(), release_claim);
    add_for_id(group, invocation, "revoke", "Make all certificates of an id void, and block it",
               options(), revoke_claim);
    add(group, invocation, "rotate-key",
        "Sign with a new key; the old one verifies for a certificate's lifetime", options(),
        rotate_key);
    add_tokens(group, invocation);
    const auto backup = options();
    add(group, invocation, "backup", "Copy the store of claims to a new file", backup, back_up)
        .add_option("path", backup->path, "The new file")
        .required();
}

}  // namespace patchbay::app
