// SPDX-License-Identifier: Apache-2.0
#include "app/shell_completion.hpp"

#include <CLI/CLI.hpp>

#include <vector>

namespace patchbay::app {

namespace {

struct OptionWords {
    std::vector<std::string> names;  ///< "--json", "-f"
    std::string description;
    bool takes_value = false;
    std::vector<std::string> choices;
};

/// One verb with what may follow it.
struct Node {
    std::string path;  ///< "envelope encode"; empty for the root
    std::string name;
    std::string description;
    std::vector<Node> verbs;
    std::vector<OptionWords> options;
    std::vector<std::string> positional_choices;
};

/// The words of a CLI::IsMember check, which prints itself as "{a,b,c}".
std::vector<std::string> choices_of(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t open = type.find('{');
    const std::size_t close = type.find('}', open == std::string::npos ? 0 : open);
    std::vector<std::string> words;
    if (open == std::string::npos || close == std::string::npos) {
        return words;
    }
    std::size_t start = open + 1;
    while (start <= close) {
        const std::size_t end = std::min(type.find(',', start), close);
        words.push_back(type.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

Node node_of(const CLI::App& app, const std::string& path) {
    Node node{path, app.get_name(), app.get_description(), {}, {}, {}};
    for (const CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
        if (option->get_positional() && option->get_lnames().empty()) {
            node.positional_choices = choices_of(*option);
            continue;
        }
        OptionWords words;
        for (const std::string& name : option->get_snames()) {
            words.names.push_back("-" + name);
        }
        for (const std::string& name : option->get_lnames()) {
            words.names.push_back("--" + name);
        }
        words.description = option->get_description();
        words.takes_value = option->get_items_expected_max() > 0;
        words.choices = choices_of(*option);
        node.options.push_back(std::move(words));
    }
    for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!verb->get_group().empty()) {
            node.verbs.push_back(
                node_of(*verb, path.empty() ? verb->get_name() : path + ' ' + verb->get_name()));
        }
    }
    return node;
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

/// For text between single quotes.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'') {
            result += "'\\''";
        } else {
            result += c;
        }
    }
    return result + '\'';
}

std::vector<std::string> next_words(const Node& node) {
    std::vector<std::string> words = node.positional_choices;
    for (const Node& verb : node.verbs) {
        words.push_back(verb.name);
    }
    return words;
}

std::vector<std::string> option_words(const Node& node) {
    std::vector<std::string> words;
    for (const OptionWords& option : node.options) {
        words.insert(words.end(), option.names.begin(), option.names.end());
    }
    return words;
}

// ---- bash --------------------------------------------------------------------------------------

void bash_cases(const Node& node, std::string& paths, std::string& words, std::string& values) {
    if (!node.path.empty()) {
        paths += (paths.empty() ? "" : "|") + quoted(node.path);
    }
    words += "        " + quoted(node.path) + ") words=" + quoted(joined(next_words(node))) +
             " options=" + quoted(joined(option_words(node))) + " ;;\n";
    for (const OptionWords& option : node.options) {
        for (const std::string& name : option.names) {
            if (option.takes_value) {
                values += "        " + quoted(node.path + ' ' + name) +
                          ") value=1 choices=" + quoted(joined(option.choices)) + " ;;\n";
            }
        }
    }
    for (const Node& verb : node.verbs) {
        bash_cases(verb, paths, words, values);
    }
}

std::string bash_script(const Node& root) {
    std::string paths;
    std::string words;
    std::string values;
    bash_cases(root, paths, words, values);
    return "# bash completion for patchbay; made by: patchbay completion bash\n"
           "_patchbay() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local path= words= options= choices= value= i\n"
           "    for ((i = 1; i < COMP_CWORD; ++i)); do\n"
           "        case \"${path:+$path }${COMP_WORDS[i]}\" in\n"
           "        " +
           paths +
           ") path=\"${path:+$path }${COMP_WORDS[i]}\" ;;\n"
           "        esac\n"
           "    done\n"
           "    case \"$path $previous\" in\n" +
           values +
           "    esac\n"
           "    if [ -n \"$value\" ]; then\n"
           "        if [ -n \"$choices\" ]; then\n"
           "            COMPREPLY=($(compgen -W \"$choices\" -- \"$current\"))\n"
           "        else\n"
           "            COMPREPLY=($(compgen -f -- \"$current\"))\n"
           "        fi\n"
           "        return\n"
           "    fi\n"
           "    case \"$path\" in\n" +
           words +
           "    esac\n"
           "    if [[ $current == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
           "    elif [ -n \"$words\" ]; then\n"
           "        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
           "    else\n"
           "        COMPREPLY=($(compgen -f -- \"$current\"))\n"
           "    fi\n"
           "}\n"
           "complete -o filenames -F _patchbay patchbay\n";
}

// ---- zsh ---------------------------------------------------------------------------------------

/// zsh runs the bash function well; its own system would say the same in more words.
std::string zsh_script(const Node& root) {
    return "#compdef patchbay\n"
           "# zsh completion for patchbay; made by: patchbay completion zsh\n"
           "autoload -U +X bashcompinit && bashcompinit\n" +
           bash_script(root);
}

// ---- fish --------------------------------------------------------------------------------------

void fish_lines(const Node& node, std::string& script) {
    const std::string here = " -n " + quoted("__patchbay_at " + quoted(node.path));
    for (const Node& verb : node.verbs) {
        script += "complete -c patchbay -f" + here + " -a " + quoted(verb.name) + " -d " +
                  quoted(verb.description) + '\n';
    }
    if (!node.positional_choices.empty()) {
        script += "complete -c patchbay -f" + here + " -a " +
                  quoted(joined(node.positional_choices)) + '\n';
    }
    for (const OptionWords& option : node.options) {
        script += "complete -c patchbay" + here;
        for (const std::string& name : option.names) {
            script += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
        }
        if (option.takes_value) {
            script += option.choices.empty() ? " -r" : " -x -a " + quoted(joined(option.choices));
        }
        script += " -d " + quoted(option.description) + '\n';
    }
    for (const Node& verb : node.verbs) {
        fish_lines(verb, script);
    }
}

void fish_paths(const Node& node, std::string& paths) {
    if (!node.path.empty()) {
        paths += ' ' + quoted(node.path);
    }
    for (const Node& verb : node.verbs) {
        fish_paths(verb, paths);
    }
}

std::string fish_script(const Node& root) {
    std::string paths;
    fish_paths(root, paths);
    std::string script =
        "# fish completion for patchbay; made by: patchbay completion fish\n"
        "function __patchbay_at\n"
        "    set -l path ''\n"
        "    for word in (commandline -opc)[2..-1]\n"
        "        set -l longer (string trim -- \"$path $word\")\n"
        "        if contains -- \"$longer\"" +
        paths +
        "\n"
        "            set path $longer\n"
        "        end\n"
        "    end\n"
        "    test \"$path\" = \"$argv[1]\"\n"
        "end\n";
    fish_lines(root, script);
    return script;
}

}  // namespace

std::string completion_script(const CLI::App& root, std::string_view shell) {
    const Node tree = node_of(root, "");
    if (shell == "fish") {
        return fish_script(tree);
    }
    return shell == "zsh" ? zsh_script(tree) : bash_script(tree);
}

}  // namespace patchbay::app
