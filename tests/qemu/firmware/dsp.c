// SPDX-License-Identifier: MIT

#define ALL_FLAGS "apsr_nzcvqg"
#include "ask.h"

void ask_dsp(void)
{
    ASK("smmulr %0, %2, %3", 0x7FFFFFFF, 0x40000001);
    ASK("smlad %0, %2, %3, %2", 0x7FFF7FFF, 0x7FFF7FFF);
    ASK("pkhtb %0, %2, %3, asr #4", 0xAAAA0000, 0x80000000);
    ASK("sxtab16 %0, %2, %3, ror #8", 0x00010001, 0x80007F00);
    ASK("qadd %0, %2, %3", 0x7FFFFFFF, 1);
    ASK("qdsub %0, %2, %3", 0x80000000, 0x40000000);
    ASK("sadd8 %0, %2, %3", 0x7F80FF01, 0x01800101);
    ASK("uadd8 %0, %2, %3", 0x7F80FF01, 0x01800101);
    ASK_AS("sel after uadd8", "uadd8 %0, %2, %3\n sel %0, %2, %3", 0x7F80FF01,
           0x01800101);
    ASK("usada8 %0, %2, %3, %3", 0x10203040, 0x40302010);
}
