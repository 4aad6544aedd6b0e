// SPDX-License-Identifier: Apache-2.0
#include "plugins/platform.hpp"
#include "plugins/platform_child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace patchbay::plugins::platform {
namespace {

constexpr int cancel_look_milliseconds = 20;
/// Below it are the numbers that the child's descriptors get.
constexpr int first_free_descriptor = 10;
/// Of `nice`: traffic goes first.
constexpr int background_priority = 10;

class ChildDescriptor {
  public:
    ChildDescriptor() = default;
    explicit ChildDescriptor(int number) : number_(number) {}
    ChildDescriptor(ChildDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    ChildDescriptor& operator=(ChildDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~ChildDescriptor() { close(); }

    void close() {
        if (number_ >= 0) {
            (void)::close(std::exchange(number_, -1));
        }
    }
    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    /// Out of the way of those that the child is to have.
    void move_up() {
        if (number_ >= 0 && number_ < first_free_descriptor) {
            *this = ChildDescriptor(::fcntl(number_, F_DUPFD_CLOEXEC, first_free_descriptor));
        }
    }

  private:
    int number_ = -1;
};

tl::unexpected<Error> not_started(int number) {
    return failure(ErrorClass::failed, "child.not_started",
                   "a child process cannot be started: " + system_text(number));
}

/// A file in memory with the text, to be read from its begin.
ChildDescriptor file_with(std::string_view text) {
    ChildDescriptor file(::memfd_create("patchbay-child", MFD_CLOEXEC));
    while (file.is_open() && !text.empty()) {
        const ssize_t written = ::write(file.number(), text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return {};
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    if (file.is_open() && ::lseek(file.number(), 0, SEEK_SET) != 0) {
        return {};
    }
    file.move_up();
    return file;
}

struct Pipe {
    ChildDescriptor read;
    ChildDescriptor write;

    static Pipe make() {
        std::array<int, 2> ends{-1, -1};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            return {};
        }
        Pipe pipe{ChildDescriptor(ends[0]), ChildDescriptor(ends[1])};
        (void)::fcntl(pipe.read.number(), F_SETFL, O_NONBLOCK);
        pipe.write.move_up();
        return pipe;
    }
};

/// Appends what there is; false: nothing more will come.
bool read_available(int descriptor, std::string& text) {
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
        if (got > 0) {
            text.append(buffer.data(), static_cast<std::size_t>(got));
        } else if (got == 0 || errno != EINTR) {
            return got < 0 && errno == EAGAIN;
        }
        if (text.size() >= longest_child_report) {
            return true;  // the caller shortens it first
        }
    }
}

class Child {
  public:
    static Result<Child> start(const std::vector<std::string>& command, std::string_view input) {
        Child child;
        const ChildDescriptor text = file_with(input);
        Pipe report = Pipe::make();
        Pipe words = Pipe::make();
        if (!text.is_open() || !report.write.is_open() || !words.write.is_open()) {
            return not_started(errno);
        }
        const int refused = child.spawn(command, text, report.write, words.write);
        if (refused != 0) {
            return not_started(refused);
        }
        child.report_ = std::move(report.read);
        child.words_ = std::move(words.read);
        child.ended_ =
            ChildDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.process_, 0)));
        if (!child.ended_.is_open()) {
            return not_started(errno);
        }
        return child;
    }
    Child(Child&& other) noexcept
        : process_(std::exchange(other.process_, -1)),
          report_(std::move(other.report_)),
          words_(std::move(other.words_)),
          ended_(std::move(other.ended_)) {}
    Child& operator=(Child&&) = delete;
    ~Child() {
        if (process_ > 0) {
            ChildEnd unread;
            end(unread);
        }
    }

    /// Until it ends by itself, or has to.
    void watch(ChildEnd& end, std::chrono::nanoseconds limit,
               const std::function<bool()>& cancelled) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        for (;;) {
            std::array<pollfd, 3> descriptors{{{ended_.number(), POLLIN, 0},
                                               {report_.number(), POLLIN, 0},
                                               {words_.number(), POLLIN, 0}}};
            (void)::poll(descriptors.data(), descriptors.size(), cancel_look_milliseconds);
            if ((descriptors[0].revents & POLLIN) != 0) {
                return;
            }
            read(end);
            end.out_of_time = std::chrono::steady_clock::now() >= deadline;
            end.cancelled = !end.out_of_time && cancelled && cancelled();
            if (end.out_of_time || end.cancelled) {
                return;
            }
        }
    }

    /// Kills what is left of its group, and takes its status.
    void end(ChildEnd& end) {
        // As long as the child was not waited for, its group's number is nobody else's.
        (void)::kill(-process_, SIGKILL);
        siginfo_t status{};
        int waited = 0;
        do {
            waited = ::waitid(P_PID, static_cast<id_t>(process_), &status, WEXITED);
        } while (waited != 0 && errno == EINTR);
        process_ = -1;
        if (waited == 0 && !end.out_of_time && !end.cancelled) {
            if (status.si_code == CLD_EXITED) {
                end.exit_code = status.si_status;
            } else {
                end.signal = status.si_status;
            }
        }
        read(end);
    }

  private:
    Child() = default;

    int spawn(const std::vector<std::string>& command, const ChildDescriptor& text,
              const ChildDescriptor& report, const ChildDescriptor& words) {
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_t files;
        (void)::posix_spawnattr_init(&attributes);
        (void)::posix_spawn_file_actions_init(&files);
        sigset_t none;
        sigset_t defaults;
        sigemptyset(&none);
        sigfillset(&defaults);
        sigdelset(&defaults, SIGKILL);
        sigdelset(&defaults, SIGSTOP);
        (void)::posix_spawnattr_setsigmask(&attributes, &none);
        (void)::posix_spawnattr_setsigdefault(&attributes, &defaults);
        (void)::posix_spawnattr_setpgroup(&attributes, 0);
        (void)::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        (void)::posix_spawn_file_actions_adddup2(&files, text.number(), STDIN_FILENO);
        (void)::posix_spawn_file_actions_adddup2(&files, words.number(), STDOUT_FILENO);
        (void)::posix_spawn_file_actions_adddup2(&files, words.number(), STDERR_FILENO);
        (void)::posix_spawn_file_actions_adddup2(&files, report.number(), child_report_descriptor);
        (void)::posix_spawn_file_actions_addclosefrom_np(&files, child_report_descriptor + 1);
        std::vector<std::string> texts = command;
        std::vector<char*> arguments;
        arguments.reserve(texts.size() + 1);
        for (std::string& word : texts) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        const int refused = ::posix_spawn(&process_, arguments.front(), &files, &attributes,
                                          arguments.data(), environ);
        (void)::posix_spawn_file_actions_destroy(&files);
        (void)::posix_spawnattr_destroy(&attributes);
        return refused;
    }

    void read(ChildEnd& end) {
        if (report_.is_open() && !read_available(report_.number(), end.report)) {
            report_.close();
        }
        if (end.report.size() >= longest_child_report) {
            report_.close();  // whoever writes so much is stopped by it
        }
        if (words_.is_open() && !read_available(words_.number(), end.words)) {
            words_.close();
        }
        if (end.words.size() > longest_child_words) {
            end.words.erase(0, end.words.size() - longest_child_words);
        }
    }

    pid_t process_ = -1;
    ChildDescriptor report_;
    ChildDescriptor words_;
    ChildDescriptor ended_;
};

}  // namespace

Result<ChildEnd> run_child(const std::vector<std::string>& command, std::string_view input,
                           std::chrono::nanoseconds limit, const std::function<bool()>& cancelled) {
    auto child = Child::start(command, input);
    if (!child) {
        return tl::unexpected(child.error());
    }
    ChildEnd end;
    child->watch(end, limit, cancelled);
    child->end(end);
    return end;
}

void become_child_of(long parent) {
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);  // it ended before this was asked for
    }
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    (void)::setpriority(PRIO_PROCESS, 0, background_priority);
}

void write_child_report(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(child_report_descriptor, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return;  // nobody reads it any more
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

long process_number() {
    return ::getpid();
}

std::string signal_text(int number) {
    const char* name = ::sigdescr_np(number);
    return "signal " + std::to_string(number) +
           (name == nullptr ? std::string() : " (" + std::string(name) + ')');
}

}  // namespace patchbay::plugins::platform
