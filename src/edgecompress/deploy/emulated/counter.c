/* A plugin of qemu's user mode that counts executed guest instructions, between marks that the guest sets.
 *
 * The guest sets a mark by any system call whose first argument is MARK, as close(MARK), which fails and does nothing
 * else. At each mark the number of instructions that the process has executed until then, of all its threads, is added to
 * the file that the argument `out` names, in decimal, one line a mark.
 *
 * A translated block adds its length to the count when it is entered: a block that is left early, by a signal, counts
 * whole. Threads add without a lock, so counts are exact for guests that compute in one thread at a time.
 *
 * qemu-plugin.h is in no package of Debian's, so what is used of the interface (version 1, qemu 4.2 to 8) is declared here.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t plugin_id;
struct block;

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct block *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int operation, void *address, uint64_t value);
extern size_t qemu_plugin_tb_n_insns(const struct block *);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t,
                                                                     uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                                                                     uint64_t));

enum { ADD_U64 = 0, MARK = 0x45434d31 };

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static uint64_t executed;
static FILE *out;

static void translated(plugin_id id, struct block *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(plugin_id id, unsigned cpu, int64_t number, uint64_t first, uint64_t a2, uint64_t a3, uint64_t a4,
                   uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)cpu, (void)number, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (first != MARK)
        return;
    fprintf(out, "%llu\n", (unsigned long long)executed);
    fflush(out);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (!strncmp(argv[i], "out=", 4))
            out = fopen(argv[i] + 4, "ae");
    if (!out) {
        fprintf(stderr, "counter: give a file that can be written: out=FILE\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_vcpu_syscall_cb(id, called);
    return 0;
}
